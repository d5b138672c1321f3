import express from 'express';
import { pool } from './db';
import { listReservations, revenueOfTenant } from './reservations';

export const router = express.Router();

declare global {
  namespace Express {
    interface Request {
      tenantId: string;
    }
  }
}

router.get('/reservations', async (req, res) => {
  res.json(await listReservations(req.tenantId, Number(req.query.page ?? 1), 20));
});

/** Any hotel can read any other hotel's session by its id. */
router.get('/sessions/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT id, status, started_at FROM sessions WHERE id = $1', [req.params.id]);
  res.json(rows[0]);
});

router.get('/my/sessions/:id', async (req, res) => {
  const { rows } = await pool.query('SELECT id, status, started_at FROM sessions WHERE id = $1 AND tenant_id = $2', [req.params.id, req.tenantId]);
  res.json(rows[0]);
});

/** Loads the jsonb state of a conversation to show its status. */
router.get('/guests/:id/sessions', async (req, res) => {
  const { rows } = await pool.query('SELECT * FROM sessions WHERE tenant_id = $1 AND guest_id = $2 ORDER BY started_at DESC, id LIMIT 10', [req.tenantId, req.params.id]);
  res.json(rows);
});

router.get('/guests/:id/session-list', async (req, res) => {
  const { rows } = await pool.query('SELECT id, status, started_at FROM sessions WHERE tenant_id = $1 AND guest_id = $2 ORDER BY started_at DESC, id LIMIT 10', [req.tenantId, req.params.id]);
  res.json(rows);
});

/** All of a tenant's audit trail in one answer. */
router.get('/audit', async (req, res) => {
  const { rows } = await pool.query('SELECT id, event_type, created_at FROM audit_logs WHERE tenant_id = $1', [req.tenantId]);
  res.json(rows);
});

router.get('/audit/latest', async (req, res) => {
  const { rows } = await pool.query('SELECT id, event_type, created_at FROM audit_logs WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100', [req.tenantId]);
  res.json(rows);
});

router.get('/revenue', async (req, res) => {
  res.json({ cents: await revenueOfTenant(req.tenantId, String(req.query.from)) });
});
