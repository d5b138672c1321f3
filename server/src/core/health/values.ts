import { quoteQualified } from '../sql/names';
import type { HealthColumn, HealthFigure, HealthUnit, HealthValue } from './model';

/** Shorthand of the checks. */
export const figure = (name: string, label: string, unit: HealthUnit, value: HealthValue | undefined): HealthFigure => ({ name, label, unit, value: value ?? null });
export const column = (name: string, label: string, unit: HealthUnit = 'text'): HealthColumn => ({ name, label, unit });

/** `a` of `b` in percent with two decimals; null where there is nothing to divide by. */
export const percentOf = (a: number, b: number): number | null => (b > 0 ? Math.round((10_000 * a) / b) / 100 : null);

const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const MAX_DIGITS = 100;

/** `1.2 GB`, `640 kB`, `12 bytes`. */
export function renderBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.abs(value) < 10 && unit > 0 ? trimmed(value) : grouped(Math.round(value))} ${units[unit] ?? ''}`;
}

const trimmed = (value: number): string => String(Math.round(value * 10) / 10);

/** `3 d 4 h`, `12 min`, `4.2 s`, `40 ms`. */
export function renderSeconds(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${trimmed(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds < 600 && seconds % 60 >= 1 ? ` ${Math.floor(seconds % 60)} s` : ''}`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

export const renderNumber = (value: number): string => (Number.isInteger(value) ? `${value < 0 ? '-' : ''}${grouped(Math.abs(value))}` : trimmed(value));

export const renderPercent = (value: number): string => `${value >= 99 && value < 100 ? Math.floor(value * 100) / 100 : trimmed(value)} %`;

/** A value for people; the empty string for what is not known. */
export function renderValue(value: HealthValue, unit: HealthUnit): string {
  if (value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return value.join(', ');
  if (typeof value === 'string') return unit === 'date' ? value.slice(0, 16).replace('T', ' ') : value;
  if (!Number.isFinite(value)) return '';
  switch (unit) {
    case 'bytes': return renderBytes(value);
    case 'seconds': return renderSeconds(value);
    case 'milliseconds': return renderSeconds(value / 1000);
    case 'percent': return renderPercent(value);
    default: return renderNumber(value);
  }
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${renderNumber(count)} ${count === 1 ? one : many}`;

/** `orders`, `billing."Invoices"`: as it is written in a statement; `public` is left out only where told. */
export const qualified = (schema: string, name: string): string => quoteQualified(schema, name);

/** Cuts long text in the middle of nothing: at the end, with a sign that it was. */
export const clip = (text: string, length = MAX_DIGITS): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
