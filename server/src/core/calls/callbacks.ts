import type { CallIr } from '../hosts/ir';

/** How often a call runs the function it is given, before it is done itself. */
export type Runs = 'once' | 'each' | 'never' | 'unknown';

/** Registrations: the function runs later, on some event. */
const REGISTERS = /^(on|once|off|addListener|addEventListener|removeListener|subscribe|setTimeout|setInterval|setImmediate|nextTick|queueMicrotask|use|all|get|post|put|patch|head|options|route|register|command|action|option|hook|describe|it|test|before|after|beforeEach|afterEach|beforeAll|afterAll|useEffect|useCallback|useMemo|useQuery|useMutation|memo|watch|schedule|createServer|listen|handler|middleware|defer|debounce|throttle|process|consume|work|add_task|add_api_route|call_later|call_soon|add_done_callback|atexit|signal|DataLoader|Worker|Queue)$/;
const RUNS_ONCE = /^(then|catch|finally|transaction|\$transaction|begin|savepoint|tx|withTransaction|inTransaction|transactional|run|runInteraction|run_sync|run_in_executor|run_in_threadpool|to_thread|startActiveSpan|withSpan|runExclusive|limit|limiter|pLimit|semaphore|atomic|tryCatch|tryPromise|promise|fromPromise|gen|attempt|wrapAsync)$/i;
/** Memoisers: the function runs at most once per key. */
const MEMOISERS = /^(cache|memoize|memoise|reactCache|unstable_cache|lru_cache|withCache|cached|getOrSet|remember|wrap)$/i;

/** What is known of the name alone, when the called function is not in the workspace. */
export function runsByName(call: CallIr): Runs {
  const name = call.callee.at(-1) ?? '';
  if (REGISTERS.test(name)) return 'never';
  if (RUNS_ONCE.test(name)) return 'once';
  if (call.callee.at(-2) === 'Thread' && /^(?:new|start|fork)$/.test(name)) return 'once';
  if (call.constructs) return name === 'Promise' ? 'once' : 'never';
  return call.awaited || call.exitsAfter ? 'once' : 'unknown';
}

/** Is the called name one that runs the functions it is given? */
export const isKnownRunner = (call: CallIr): boolean => RUNS_ONCE.test(call.callee.at(-1) ?? '');
/** Does the call keep results, so that the function it is given may not run? */
export const isMemoiser = (call: CallIr): boolean => MEMOISERS.test(call.callee.at(-1) ?? '');
/** Does the call give a function that does what the one it is given does (`cache(fn)`, `traced('x', fn)` are not told apart)? */
export const passesThrough = (call: CallIr): boolean => isMemoiser(call) || /^(wrap\w*|with[A-Z]\w*|throttle|debounce|promisify|bind|retryable|traced?|instrument\w*|measure\w*|logged|transactional|unstable_cache|useCallback|partial|pLimited)$/i.test(call.callee.at(-1) ?? '');
/** `@cached`, `@lru_cache(maxsize=None)`, `@memoize()`. */
export const isMemoDecorator = (decorator: string): boolean => /cache|memo/i.test(decorator);
/** `if (cache.has(id)) return …`. */
export const isCacheGuard = (condition: string): boolean => /\.has\(|\bin self\.|cache|memo/i.test(condition);
