import asyncpg


async def owners(pool: asyncpg.Pool, tenant_id: int, resources: list[str]) -> dict[str, str]:
    found = {}
    for resource in resources:
        row = await pool.fetchrow("SELECT owner FROM locks WHERE tenant_id = $1 AND resource = $2", tenant_id, resource)
        if row is not None:
            found[resource] = row["owner"]
    return found


async def owners_at_once(pool: asyncpg.Pool, tenant_id: int, resources: list[str]) -> dict[str, str]:
    rows = await pool.fetch("SELECT resource, owner FROM locks WHERE tenant_id = $1 AND resource = ANY($2)", tenant_id, resources)
    return {row["resource"]: row["owner"] for row in rows}


async def record_identifiers(pool: asyncpg.Pool, tenant_id: int, values: list[str]) -> None:
    for value in values:
        await pool.execute("INSERT INTO tenant_user_identifiers (tenant_id, identifier_value, platform) VALUES ($1, $2, 'email')", tenant_id, value)


async def record_identifiers_at_once(pool: asyncpg.Pool, tenant_id: int, values: list[str]) -> None:
    await pool.execute("INSERT INTO tenant_user_identifiers (tenant_id, identifier_value, platform) SELECT $1, v, 'email' FROM unnest($2::text[]) v", tenant_id, values)
