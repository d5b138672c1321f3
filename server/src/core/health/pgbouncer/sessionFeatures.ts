import { tokenize, type Token } from '../../sql/lexer';

/**
 * What of Postgres lasts longer than a transaction and is lost, or met by the next client, where PgBouncer gives the server
 * connection away after each: https://www.pgbouncer.org/features.html
 */
export type SessionFeature = 'LISTEN' | 'SET' | 'PREPARE' | 'WITH HOLD cursor' | 'temporary table' | 'LOAD' | 'session advisory lock';

/** Parameters that PgBouncer itself keeps for each client. */
const TRACKED = new Set(['client_encoding', 'datestyle', 'timezone', 'standard_conforming_strings', 'application_name', 'intervalstyle']);
const SESSION_LOCK = /^pg_(?:try_)?advisory_lock(?:_shared)?$/;

/** The features that one statement uses, told by its words; empty for most. Nothing is said of what functions do inside. */
export function findSessionFeatures(sql: string): readonly SessionFeature[] {
  const tokens = tokenize(sql);
  const found: SessionFeature[] = [];
  const [first, second, third] = tokens.map(({ word }) => word);
  const has = (...words: readonly string[]): boolean => tokens.some((_, at) => words.every((word, offset) => tokens[at + offset]?.word === word));
  switch (first) {
    case 'listen':
    case 'load':
      found.push(first === 'listen' ? 'LISTEN' : 'LOAD');
      break;
    case 'set':
      if (!['local', 'transaction', 'constraints'].includes(second ?? '') && !TRACKED.has((second === 'session' ? third : second) ?? '') && !has('time', 'zone')) found.push('SET');
      break;
    case 'prepare':
      if (second !== 'transaction') found.push('PREPARE');
      break;
    case 'declare':
      if (has('with', 'hold')) found.push('WITH HOLD cursor');
      break;
    case 'create':
      if (['temp', 'temporary'].includes((['local', 'global'].includes(second ?? '') ? third : second) ?? '') && has('table') && !has('on', 'commit', 'drop')) found.push('temporary table');
      break;
  }
  for (const [at, token] of tokens.entries()) {
    if (tokens[at + 1]?.word !== '(') continue;
    if (SESSION_LOCK.test(token.word)) found.push('session advisory lock');
    if (token.word === 'set_config' && isForSession(tokens, at + 1)) found.push('SET');
  }
  return [...new Set(found)];
}

/** `set_config(name, value, false)`, written so: the third argument decides, and what is not a constant is not known. */
function isForSession(tokens: readonly Token[], open: number): boolean {
  let depth = 0;
  let commas = 0;
  for (let at = open; at < tokens.length; at++) {
    const word = tokens[at]?.word ?? '';
    if (word === '(') depth++;
    else if (word === ')' && --depth === 0) return false;
    else if (word === ',' && depth === 1) commas++;
    else if (commas === 2 && depth === 1) return word === 'false' && tokens[at + 1]?.word === ')';
  }
  return false;
}
