/** Among the rules: bringing the call graph up to date, which is nobody's. */
export const CALL_GRAPH = '(call graph)';

/** What one rule has cost so far. */
export interface RuleTime {
  readonly rule: string;
  /** Milliseconds of its checks. */
  readonly ms: number;
  /** How often it was asked: once per statement and look, or once per file for rules about files. */
  readonly asked: number;
  /** Milliseconds of its fixes, their verification included. */
  readonly fixMs: number;
}

/** Measures rules while they run. Without one nothing is measured, and it costs a look at a field. */
export interface RuleTimer {
  check<T>(rule: string, work: () => T): T;
  /** What runs inside (the check again, verification) counts as part of the fix. */
  fix<T>(rule: string, work: () => T): T;
  /** The most expensive first. */
  times(): readonly RuleTime[];
}

/** @param now milliseconds of a clock that only goes forwards */
export function createRuleTimer(now: () => number): RuleTimer {
  const known = new Map<string, { ms: number; asked: number; fixMs: number }>();
  let inFix = false;
  const entry = (rule: string): { ms: number; asked: number; fixMs: number } => {
    let found = known.get(rule);
    if (!found) known.set(rule, (found = { ms: 0, asked: 0, fixMs: 0 }));
    return found;
  };
  return {
    check(rule, work) {
      if (inFix) return work();
      const from = now();
      try {
        return work();
      } finally {
        const own = entry(rule);
        own.ms += now() - from;
        own.asked++;
      }
    },
    fix(rule, work) {
      if (inFix) return work();
      const from = now();
      inFix = true;
      try {
        return work();
      } finally {
        inFix = false;
        entry(rule).fixMs += now() - from;
      }
    },
    times: () => [...known].map(([rule, own]): RuleTime => ({ rule, ...own })).sort((a, b) => b.ms + b.fixMs - a.ms - a.fixMs),
  };
}
