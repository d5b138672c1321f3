import type { Connection } from 'vscode-languageserver/node';
import { calibrateRequest, type CalibrateParams, type CalibrateResult } from '../../../../protocol/requests';
import { renderCalibrationMarkdown, summariseCalibration } from '../../workspace/calibrate';
import type { Session } from '../session';

/** The twin beside the server it copies, when a person asks for it. */
export function registerCalibrate(connection: Connection, session: () => Session | undefined): void {
  connection.onRequest<CalibrateResult, void>(calibrateRequest, async ({ connection: name, confirmed }: CalibrateParams, token): Promise<CalibrateResult> => {
    const active = session();
    if (!active?.trusted) return { kind: 'error', message: active ? 'This workspace is not trusted: nothing connects to a database. Trust the workspace first.' : 'The server is not ready yet.' };
    if (!active.twin) return { kind: 'error', message: 'There is no planner to compare with in this installation.' };
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const outcome = await active.connections.calibrate(name, { twin: active.twin, analyser: active.engine.sql, signal: abort.signal, ...(confirmed ? { confirmed } : {}) });
    if (outcome.kind === 'refused') return { ...outcome, consent: 'production' };
    if (outcome.kind === 'error') return outcome;
    return { kind: 'calibrated', summary: summariseCalibration(outcome.calibration), markdown: renderCalibrationMarkdown(outcome.label, outcome.calibration) };
  });
}
