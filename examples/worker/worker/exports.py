import psycopg


def export_page(conn: psycopg.Connection, tenant_id: int, page: int, size: int = 500):
    with conn.cursor() as cur:
        cur.execute(
            """
            SELECT id, email, full_name
            FROM guests
            WHERE tenant_id = %s
            ORDER BY id
            LIMIT %s OFFSET %s
            """,
            (tenant_id, size, page * size),
        )
        return cur.fetchall()


def export_page_after(conn: psycopg.Connection, tenant_id: int, last_id: int, size: int = 500):
    with conn.cursor() as cur:
        cur.execute(
            """
            SELECT id, email, full_name
            FROM guests
            WHERE tenant_id = %s AND id > %s
            ORDER BY id
            LIMIT %s
            """,
            (tenant_id, last_id, size),
        )
        return cur.fetchall()


def session_states(conn: psycopg.Connection, tenant_id: int, guest_id: int):
    return conn.execute("SELECT * FROM sessions WHERE tenant_id = %s AND guest_id = %s ORDER BY started_at, id LIMIT 20", (tenant_id, guest_id)).fetchall()


def session_statuses(conn: psycopg.Connection, tenant_id: int, guest_id: int):
    return conn.execute("SELECT id, status FROM sessions WHERE tenant_id = %s AND guest_id = %s ORDER BY started_at, id LIMIT 20", (tenant_id, guest_id)).fetchall()
