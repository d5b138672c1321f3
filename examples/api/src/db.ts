import createKnex from 'knex';
import pg from 'pg';
import postgres from 'postgres';

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
export const knex = createKnex({ client: 'pg', connection: process.env.DATABASE_URL });
export const sql = postgres(process.env.DATABASE_URL ?? '');
