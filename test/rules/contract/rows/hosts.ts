import type { RowCase } from '../../../support/contract';

/** Programs round one query, library by library, over the tables of `section.ts`. */

const script = (head: string) => (body: string, rest: Partial<RowCase> = {}): RowCase => ({ language: 'typescript', code: `${head}\nexport async function run(n: number, size: number, q: string, ids: number[]) {\n  ${body}\n}\n`, ...rest });

export const pg = script("import { Pool } from 'pg';\nimport Cursor from 'pg-cursor';\nimport QueryStream from 'pg-query-stream';\nconst pool = new Pool();");
export const postgresJs = script("import postgres from 'postgres';\nconst sql = postgres();");
export const knex = script("import knex from 'knex';\nconst db = knex({ client: 'pg' });");
export const kysely = script("import { Kysely, PostgresDialect, sql } from 'kysely';\nconst db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });");
export const drizzle = script("import { and, asc, count, desc, eq, ilike, like, sql } from 'drizzle-orm';\nimport { pgTable, bigint, text, timestamp } from 'drizzle-orm/pg-core';\nimport { drizzle } from 'drizzle-orm/node-postgres';\nconst db = drizzle(pool);\nexport const users = pgTable('users', { id: bigint('id', { mode: 'number' }).primaryKey(), teamId: bigint('team_id', { mode: 'number' }).notNull(), name: text('name').notNull(), createdAt: timestamp('created_at').notNull() });");
const PRISMA = 'datasource db {\n  provider = "postgresql"\n  url = env("URL")\n}\nmodel User {\n  id BigInt @id\n  teamId BigInt @map("team_id")\n  name String\n  createdAt DateTime @map("created_at") @db.Timestamptz\n  @@map("users")\n}\n';
const prismaScript = script("import { PrismaClient } from '@prisma/client';\nconst prisma = new PrismaClient();");
export const prisma: typeof prismaScript = (body, rest) => prismaScript(body, { prisma: PRISMA, ...rest });
export const typeorm = script("import { Column, Entity, ILike, Like, PrimaryColumn, type Repository } from 'typeorm';\n@Entity('users') export class User { @PrimaryColumn({ type: 'bigint' }) id: string; @Column() name: string; }\ndeclare const users: Repository<User>;");
export const sequelize = script("import { DataTypes, Model, Op, Sequelize } from 'sequelize';\nconst sequelize = new Sequelize(url);\nclass User extends Model {}\nUser.init({ id: { type: DataTypes.BIGINT, primaryKey: true }, name: DataTypes.TEXT }, { sequelize, tableName: 'users', timestamps: false });");
export const supabase = script("import { createClient } from '@supabase/supabase-js';\nconst supabase = createClient(url, key);");

const python = (head: string) => (body: string, rest: Partial<RowCase> = {}): RowCase => ({ language: 'python', code: `${head}\n\n${body}\n`, ...rest });

export const psycopg = python('import psycopg');
export const asyncpg = python('import asyncpg');
export const sqlalchemy = python(`from datetime import datetime
from sqlalchemy import Text, BigInteger, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    team_id: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
`);
export const django = python(`from django.db import models


class User(models.Model):
    team_id = models.BigIntegerField()
    name = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = 'users'
`);
export const peewee = python(`from peewee import BigIntegerField, DateTimeField, Model, PostgresqlDatabase, TextField, fn

db = PostgresqlDatabase("app")


class User(Model):
    id = BigIntegerField(primary_key=True)
    team_id = BigIntegerField()
    name = TextField()
    created_at = DateTimeField()

    class Meta:
        database = db
        table_name = "users"
`);
