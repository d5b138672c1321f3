import { judgeSettings } from '../../core/health/settings';
import { numberOf, textOf } from '../introspectRows';
import { checkpointsQuery, roleSettingsQuery } from '../queries/healthServer';
import { grantMonitor, type Probe } from './probe';

export const settings: Probe = {
  name: 'settings',
  title: 'Settings',
  async read({ rows, blind, server }) {
    const [checkpoints = {}] = await rows(checkpointsQuery(server.version)) ?? [];
    const own = await rows(roleSettingsQuery) ?? [];
    if (server.settings['shared_preload_libraries'] === undefined) blind('Settings that only administrators see (shared_preload_libraries).', grantMonitor(server).replace('pg_monitor', 'pg_read_all_settings'));
    return judgeSettings({
      timed: numberOf(checkpoints['timed']) ?? 0, requested: numberOf(checkpoints['requested']) ?? 0,
      own: own.map((row) => ({ database: textOf(row['database']), role: textOf(row['role']), setting: textOf(row['setting']) })),
    }, server);
  },
};
