/** A node of EXPLAIN's JSON, read without trust in its shape. */
export type RawNode = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is RawNode => typeof value === 'object' && value !== null && !Array.isArray(value);
export const numberIn = (raw: RawNode | undefined, key: string): number | undefined => {
  const value = raw?.[key];
  return typeof value === 'number' ? value : undefined;
};
export const textIn = (raw: RawNode | undefined, key: string): string | undefined => {
  const value = raw?.[key];
  return typeof value === 'string' ? value : undefined;
};
export const recordIn = (raw: RawNode | undefined, key: string): RawNode | undefined => {
  const value = raw?.[key];
  return isRecord(value) ? value : undefined;
};
export const recordsIn = (raw: RawNode | undefined, key: string): readonly RawNode[] => {
  const value = raw?.[key];
  return Array.isArray(value) ? value.filter(isRecord) : [];
};
export const plansIn = (raw: RawNode): readonly RawNode[] => recordsIn(raw, 'Plans');

/** CTEs and InitPlans run inside the node that reads them, not inside the one they hang on. */
export const runsElsewhere = (raw: RawNode): boolean => textIn(raw, 'Parent Relationship') === 'InitPlan';
