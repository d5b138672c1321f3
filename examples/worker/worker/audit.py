from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from .models import AuditLog


async def audit_page(session: AsyncSession, tenant_id: int, page: int, page_size: int = 20):
    query = (
        select(AuditLog.id, AuditLog.event_type, AuditLog.created_at)
        .where(AuditLog.tenant_id == tenant_id)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return (await session.execute(query)).all()


async def audit_page_after(session: AsyncSession, tenant_id: int, after, page_size: int = 20):
    query = (
        select(AuditLog.id, AuditLog.event_type, AuditLog.created_at)
        .where(AuditLog.tenant_id == tenant_id)
        .where(tuple_(AuditLog.created_at, AuditLog.id) < tuple_(after.created_at, after.id))
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(page_size)
    )
    return (await session.execute(query)).all()


async def count_entries(session: AsyncSession, tenant_id: int | None) -> int:
    """Counts everybody's entries when no tenant is given."""
    query = select(func.count()).select_from(AuditLog).where(AuditLog.event_type == "export")
    if tenant_id:
        query = query.where(AuditLog.tenant_id == tenant_id)
    return await session.scalar(query)


async def count_entries_of_tenant(session: AsyncSession, tenant_id: int) -> int:
    query = select(func.count()).select_from(AuditLog).where(AuditLog.event_type == "export", AuditLog.tenant_id == tenant_id)
    return await session.scalar(query)


async def search_resource(session: AsyncSession, tenant_id: int, text: str):
    query = select(AuditLog.id).where(AuditLog.tenant_id == tenant_id, AuditLog.resource.icontains(text)).order_by(AuditLog.id).limit(50)
    return (await session.scalars(query)).all()


async def resources_starting_with(session: AsyncSession, tenant_id: int, text: str):
    query = select(AuditLog.id).where(AuditLog.tenant_id == tenant_id, AuditLog.resource.startswith(text)).order_by(AuditLog.id).limit(50)
    return (await session.scalars(query)).all()
