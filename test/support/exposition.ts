import { spawnSync } from 'node:child_process';
import { findPython } from './python';

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const SCRIPT = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
text = sys.stdin.buffer.read().decode('utf-8')
print(json.dumps([{'name': f.name, 'type': f.type, 'samples': [{'name': s.name, 'labels': s.labels, 'value': s.value if abs(s.value) != float('inf') else None} for s in f.samples]} for f in text_string_to_metric_families(text)]))
`;

/** Debian puts the parser beside its own Python, which need not be the first of the path. */
const python = findPython('prometheus_client.parser');
if (python === undefined) process.stderr.write("test/support/exposition.ts: SKIPPED, Prometheus' parser is not here (apt-get install python3-prometheus-client): metrics are not read back\n");

/** What Prometheus' own Python client reads from a text of metrics; undefined where it is not installed. Throws where it refuses the text. */
export function parseExposition(text: string): readonly ParsedFamily[] | undefined {
  if (python === undefined) return undefined;
  const { status, stdout, stderr } = spawnSync(python, ['-c', SCRIPT], { input: text, encoding: 'utf8' });
  if (status !== 0) throw new Error(`Prometheus' parser refuses the text: ${stderr}`);
  return JSON.parse(stdout) as ParsedFamily[];
}
