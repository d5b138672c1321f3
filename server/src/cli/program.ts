import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError, Option, type CommanderError } from 'commander';
import { version } from '../../../package.json';
import { ADVICE_FORMATS, runAdvise, type AdviseOptions } from './advise';
import { runCheck, type CheckOptions } from './check';
import { runExplain, type ExplainOptions } from './explain';
import { FORMATS } from './formats';
import { addHealthCommand } from './health';
import { PLANNER_SERVERS } from './plannerFlag';
import { runRules } from './rules';
import { runSchemaCheck, runSchemaPull, type SchemaCheckOptions, type SchemaPullOptions } from './schema';

/** No setting of a configuration file: it would let a workspace choose. */
const planner = (): Option => new Option('--planner <which>', "the Postgres that plans: the embedded one, or one installed here of the server's own version").choices([...PLANNER_SERVERS]).default('embedded');

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(value);
}

/** The command line. Exit status: 0 clean, 1 findings, 2 wrong usage, unusable configuration or internal failure. */
export function createProgram(): Command {
  const program = new Command('sargable')
    .description('Finds slow and unsafe Postgres queries where they are written.')
    .version(version)
    .showSuggestionAfterError()
    .exitOverride((error: CommanderError) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });

  program
    .command('check [paths...]', { isDefault: false })
    .description('lint files and folders (default: the current folder)')
    .option('--schema <path>', 'DDL file, migrations folder or snapshot folder; repeatable', collect)
    .option('--database <url>', 'live connection (also SARGABLE_DATABASE_URL); findings in queries that take 5 % or more of its time come first')
    .option('--no-database', 'never connect')
    .option('--assume <table=rows>', 'row counts where there are no statistics; repeatable', collect)
    .addOption(new Option('--format <format>', 'output format').choices([...FORMATS]).default('stylish'))
    .option('--rule <id=severity>', 'severity of a rule: error, warning, info, hint, off; repeatable', collect)
    .option('--config <path>', 'configuration file; discovered upwards otherwise')
    .addOption(planner())
    .option('--baseline <file>', 'known findings are not reported')
    .option('--update-baseline', 'rewrite the baseline; it may only shrink')
    .option('--allow-growth', 'let --update-baseline add findings')
    .option('--changed [ref]', 'only files that differ from REF (default: the merge base with the main branch)')
    .option('--fix', 'apply safe fixes')
    .option('--fix-dry-run', 'print the safe fixes as a diff')
    .option('--fix-review <id>', 'also apply the review fixes of this rule; repeatable', collect)
    .addOption(new Option('--report <what>', 'in place of findings: how each query is held to one tenant (text, markdown or json by --format)').choices(['tenant']))
    .option('--max-warnings <n>', 'exit 1 when there are more warnings', wholeNumber)
    .option('--quiet', 'report errors only')
    .option('--stdin', 'lint standard input')
    .option('--stdin-filename <path>', 'name of the file on standard input')
    .option('--threads <n>', 'threads that read files', wholeNumber)
    .option('--timing', 'print how long each stage and each rule took')
    .action(async (paths: string[], options: CheckOptions) => {
      process.exitCode = await runCheck(paths, options);
    });

  program
    .command('explain [target]')
    .description('plan of the query at FILE:LINE, of --sql TEXT, or of standard input (-); reads plans too: a file or standard input with EXPLAIN output or a log of auto_explain')
    .option('--sql <text>', 'the statement')
    .option('--database <url>', 'the server to ask (also SARGABLE_DATABASE_URL, PG* variables); the twin plans otherwise')
    .option('--no-database', 'never connect')
    .option('--schema <path>', 'for the twin: DDL file, migrations folder or snapshot folder; repeatable', collect)
    .option('--assume <table=rows>', 'for the twin: row counts where there are no statistics; repeatable', collect)
    .option('--config <path>', 'configuration file; discovered upwards otherwise')
    .addOption(planner())
    .option('--calibrate', 'compare the twin with the server: both plan statements made from the schema, none of yours')
    .option('--compare <file>', 'compare with the plan in a file, the one before: what EXPLAIN printed, or this command in JSON; exit status 1 where the plan is worse now')
    .option('--analyze', 'run the statement, in a transaction that is rolled back')
    .option('--param <value>', 'value of $1, $2 …; repeatable', collect)
    .addOption(new Option('--values <which>', 'take values from the statistics').choices(['common', 'rare']))
    .option('--role <name>', 'role to plan as, for row-level security')
    .option('--set <name=value>', 'setting to assume (app.tenant_id=7); repeatable', collect)
    .option('--allow-function <name>', 'schema.name of a function that may run while the statement is planned; repeatable', collect)
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json', 'markdown']).default('text'))
    .action(async (target: string | undefined, options: ExplainOptions) => {
      process.exitCode = await runExplain(target, options);
    });

  const schema = program.command('schema').description('the snapshot of the database in the repository (.sargable/)');
  schema
    .command('pull')
    .description('write the schema and the statistics of a database as files')
    .option('--database <url>', 'the database (also SARGABLE_DATABASE_URL, PG* variables)')
    .addOption(new Option('--values <mode>', 'values of columns in the statistics: as tokens, none, or all as they are (default: the setting snapshot.values, else token)').choices(['token', 'none', 'all']))
    .option('--output <dir>', 'folder of the snapshot (default: .sargable)')
    .action(async (options: SchemaPullOptions) => {
      process.exitCode = await runSchemaPull(options);
    });
  schema
    .command('check')
    .description('exit 1 when the snapshot is older than the migrations')
    .option('--database <url>', 'compare with this database instead')
    .option('--schema <path>', 'DDL file or migrations folder; repeatable; discovered when left out', collect)
    .option('--snapshot <dir>', 'folder of the snapshot (default: .sargable)')
    .action(async (options: SchemaCheckOptions) => {
      process.exitCode = await runSchemaCheck(options);
    });

  program
    .command('advise [paths...]')
    .description("the index set that serves the workspace's queries, with cost before and after")
    .option('--schema <path>', 'DDL file, migrations folder or snapshot folder; repeatable', collect)
    .option('--database <url>', 'live connection, for its schema and statistics (also SARGABLE_DATABASE_URL)')
    .option('--no-database', 'never connect')
    .option('--assume <table=rows>', 'row counts where there are no statistics; repeatable', collect)
    .option('--config <path>', 'configuration file; discovered upwards otherwise')
    .addOption(planner())
    .addOption(new Option('--format <format>', 'output format').choices([...ADVICE_FORMATS]).default('text'))
    .option('--max <n>', 'at most so many indexes for each database', wholeNumber)
    .option('--write', 'write a migration for each index')
    .option('--verify-on-server', 'also ask the server with HypoPG, where it is installed: sends EXPLAIN of the queries there')
    .option('--threads <n>', 'threads that read files', wholeNumber)
    .action(async (paths: string[], options: AdviseOptions) => {
      process.exitCode = await runAdvise(paths, options);
    });

  addHealthCommand(program);

  program
    .command('rules [id]')
    .description("the catalogue, or one rule's page")
    .action((id: string | undefined) => {
      process.exitCode = runRules(id);
    });

  program
    .command('lsp')
    .description('the language server, for any editor')
    .requiredOption('--stdio', 'speak over standard input and output')
    .action(async () => {
      await import(pathToFileURL(path.join(__dirname, 'server.js')).href);
    });

  return program;
}
