/** Units of `date_trunc` whose start can be told from a date. */
export type Period = 'hour' | 'day' | 'week' | 'month' | 'year';

/** Is this text (`2024-02-01`, with or without a midnight behind it) the start of a day, month or year? Undefined units are not told. */
export function startsPeriod(text: string, period: Period): boolean {
  const [, month, day] = /^\d{4}-(\d{2})-(\d{2})(?:[ T]00:00(?::00)?)?$/.exec(text) ?? [];
  if (month === undefined) return false;
  return period === 'day' || (period === 'month' && day === '01') || (period === 'year' && day === '01' && month === '01');
}

/** The date on which the next period starts; undefined where the text is no date or the unit is not told. */
export function nextPeriod(text: string, period: Period): string | undefined {
  const [, year = 0, month = 0, day = 0] = (/^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? []).map(Number);
  if (month === 0 || !['day', 'month', 'year'].includes(period)) return undefined;
  const next = period === 'day' ? Date.UTC(year, month - 1, day + 1) : period === 'month' ? Date.UTC(year, month, day) : Date.UTC(year + 1, month - 1, day);
  return new Date(next).toISOString().slice(0, 10);
}
