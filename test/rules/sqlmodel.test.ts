import { nPlusOne } from '../../server/src/core/rules/n-plus-one';
import { offsetPagination } from '../../server/src/core/rules/offset-pagination';
import { testRule, type RuleCase } from '../support/ruleTester';

const SQLMODEL = `from sqlmodel import Field, Relationship, Session, SQLModel, select


class Team(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    heroes: list["Hero"] = Relationship(back_populates="team")


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    team_id: int | None = Field(default=None, foreign_key="team.id")
    team: Team | None = Relationship(back_populates="heroes")


`;
const FLASK = `from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Team(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String, index=True)


class Hero(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    team_id = db.Column(db.Integer, db.ForeignKey('team.id'))
    team = db.relationship('Team', backref='heroes')


`;
const LEGACY = `from sqlalchemy import Column, ForeignKey, Integer, String
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import joinedload, relationship

Base = declarative_base()


class Team(Base):
    __tablename__ = 'team'
    id = Column(Integer, primary_key=True)
    name = Column(String, index=True)


class Hero(Base):
    __tablename__ = 'hero'
    id = Column(Integer, primary_key=True)
    team_id = Column(Integer, ForeignKey('team.id'))
    team = relationship(Team)


`;
const SCHEMA = 'CREATE TABLE team (id int PRIMARY KEY, name text NOT NULL); CREATE TABLE hero (id int PRIMARY KEY, team_id int REFERENCES team);';
const py = (models: string, code: string, rest: Partial<RuleCase> = {}): RuleCase => ({ language: 'python', code: models + code, ...rest });

testRule(offsetPagination, {
  schema: SCHEMA,
  flagged: [
    py(SQLMODEL, `def heroes(session: Session, offset: int, limit: int):
    return session.exec(select(Hero).order_by(Hero.id).offset(offset).limit(limit)).all()
#                                                     ^^^^^^^^^^^^^^^ OFFSET
`, { fixes: 1 }),
    py(FLASK, `def heroes(page):
    return Hero.query.order_by(Hero.id).paginate(page=page, per_page=20)
#                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ OFFSET
`),
    py(LEGACY, `def heroes(session, start):
    return session.query(Hero).order_by(Hero.id).limit(20).offset(start).all()
#                                                         ^^^^^^^^^^^^^^ OFFSET
`, { fixes: 1 }),
  ],
  clean: [
    py(SQLMODEL, `def heroes(session: Session, last: int):
    return session.exec(select(Hero).where(Hero.id > last).order_by(Hero.id).limit(20)).all()
`),
    py(FLASK, `def heroes():
    return Hero.query.order_by(Hero.id).limit(20).all()
`),
  ],
});

testRule(nPlusOne, {
  schema: SCHEMA,
  flagged: [
    py(SQLMODEL, `def names(session: Session):
    for hero in session.exec(select(Hero)).all():
        print(hero.team.name)
#             ^^^^^^^^^ loaded lazily: a query once per element
`),
    py(FLASK, `def names():
    return [hero.team.name for hero in Hero.query.all()]
#           ^^^^^^^^^ loaded lazily: a query once per element
`),
    py(LEGACY, `def names(session):
    for hero in session.query(Hero).all():
        print(hero.team.name)
#             ^^^^^^^^^ loaded lazily: a query once per element
`),
  ],
  clean: [
    py(SQLMODEL, `from sqlalchemy.orm import selectinload


def names(session: Session):
    for hero in session.exec(select(Hero).options(selectinload(Hero.team))).all():
        print(hero.team.name)
`),
    py(FLASK, `from sqlalchemy.orm import joinedload


def names():
    return [hero.team.name for hero in Hero.query.options(joinedload(Hero.team)).all()]
`),
    py(LEGACY, `def names(session):
    for hero in session.query(Hero).options(joinedload(Hero.team)).all():
        print(hero.team.name)
`),
  ],
});
