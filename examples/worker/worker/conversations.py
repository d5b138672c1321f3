from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as DbSession, joinedload

from .models import Guest, Session


async def greetings(db: AsyncSession, tenant_id: int) -> list[str]:
    """One query for the sessions, then one for each guest."""
    sessions = (await db.execute(select(Session).where(Session.tenant_id == tenant_id, Session.status == "active").order_by(Session.started_at.desc()).limit(200))).scalars().all()
    lines = []
    for session in sessions:
        guest = (await db.execute(select(Guest).where(Guest.id == session.guest_id, Guest.tenant_id == tenant_id))).scalar_one()
        lines.append(f"Hello {guest.full_name}")
    return lines


async def greetings_at_once(db: AsyncSession, tenant_id: int) -> list[str]:
    sessions = (
        await db.execute(
            select(Session).where(Session.tenant_id == tenant_id, Session.status == "active").options(joinedload(Session.guest)).order_by(Session.started_at.desc()).limit(200)
        )
    ).scalars().all()
    return [f"Hello {session.guest.full_name}" for session in sessions]


def transcript_names(db: DbSession, tenant_id: int) -> list[str]:
    """`session.guest` is loaded when it is first read: once per session."""
    sessions = db.scalars(select(Session).where(Session.tenant_id == tenant_id).order_by(Session.started_at.desc()).limit(200)).all()
    names = []
    for session in sessions:
        names.append(session.guest.full_name)
    return names


def transcript_names_at_once(db: DbSession, tenant_id: int) -> list[str]:
    sessions = db.scalars(select(Session).where(Session.tenant_id == tenant_id).options(joinedload(Session.guest)).order_by(Session.started_at.desc()).limit(200)).all()
    names = []
    for session in sessions:
        names.append(session.guest.full_name)
    return names
