/** Says yes at most once in so many milliseconds; the first time at once. */
export function createThrottle(milliseconds: number, now: () => number = Date.now): () => boolean {
  let last = -Infinity;
  return () => {
    if (now() - last < milliseconds) return false;
    last = now();
    return true;
  };
}
