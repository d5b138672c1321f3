import { conditionalTenantFilter } from '../../server/src/core/rules/conditional-tenant-filter';
import { testRule, type RuleCase } from '../support/ruleTester';

const MODELS = `from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Invoice(Base):
    __tablename__ = "invoices"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int]
    owner_id: Mapped[int]

`;
const py = (code: string): RuleCase => ({ language: 'python', code: MODELS + code });

testRule(conditionalTenantFilter, {
  schema: 'CREATE TABLE organizations (id bigint PRIMARY KEY); CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, owner_id bigint NOT NULL);',
  settings: { tenant: { columns: ['organization_id'], globalTables: ['organizations'], systemPaths: [] } },
  flagged: [
    py(`def invoices(session, organization, newest):
    query = select(Invoice.id).where(Invoice.id > newest)
    if organization is not None:
        query = query.where(Invoice.organization_id == organization)
#                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Added only if organization is not None.
    return session.scalars(query).all()
`),
    py(`def invoices(session, organization, owner):
    query = select(Invoice.id)
    if organization:
        query = query.where(Invoice.organization_id == organization)
#                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Added only if organization.
    if owner:
        query = query.where(Invoice.owner_id == owner)
    return session.scalars(query).all()
`),
  ],
  clean: [
    { ...py('def invoices(session, organization):\n    query = select(Invoice.id)\n    if organization is not None:\n        query = query.where(Invoice.organization_id == organization)\n    return session.scalars(query).all()\n'), path: 'app/backoffice/invoices.py' },
    py(`def readable(session, subject, organization=None):
    query = select(Invoice.id)
    if is_user(subject):
        query = query.where(Invoice.organization_id.in_(organizations_of(subject)))
    else:
        query = query.where(Invoice.organization_id == subject.id)
    if organization is not None:
        query = query.where(Invoice.organization_id == organization)
    return session.scalars(query).all()
`),
    py(`def readable(session, subject):
    query = select(Invoice.id)
    if is_user(subject):
        query = query.where(Invoice.owner_id == subject.id)
    elif is_organization(subject):
        query = query.where(Invoice.organization_id == subject.id)
    else:
        raise ValueError(subject)
    return session.scalars(query).all()
`),
  ],
});
