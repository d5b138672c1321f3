import { createRequire } from 'node:module';
import ts from 'typescript';

const fromHere = createRequire(import.meta.url);

/**
 * Runs a TypeScript module with the real libraries, decorators and their metadata, and gives what it exports.
 * @param replaced module name → what `import` of it gives instead.
 */
export function runModule(text: string, replaced: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, experimentalDecorators: true, emitDecoratorMetadata: true, useDefineForClassFields: false, esModuleInterop: true } });
  const module = { exports: {} as Record<string, unknown> };
  const require = (name: string): unknown => (Object.hasOwn(replaced, name) ? replaced[name] : fromHere(name));
  new Function('require', 'exports', 'module', outputText)(require, module.exports, module);
  return module.exports;
}

/** Evaluates an expression with these names. */
export const evaluate = (expression: string, names: Readonly<Record<string, unknown>>): unknown => new Function(...Object.keys(names), `return (${expression});`)(...Object.values(names)) as unknown;
