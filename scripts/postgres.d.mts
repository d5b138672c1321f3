export interface RunningPostgres {
  /** Superuser URL of the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** A server that already ran on this data folder. */
  readonly reused: boolean;
  stop(): Promise<void>;
}
export interface PostgresOptions {
  readonly dataFolder: string;
  /** Default: any free port. */
  readonly port?: number;
  readonly password?: string;
  /** Server settings (`-c name=value`). */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folder with bin/ of another Postgres, 15 or later, than the embedded one. */
  readonly binaries?: string;
}
export function startPostgres(options: PostgresOptions): Promise<RunningPostgres>;
export function stopPostgres(dataFolder: string): Promise<void>;
export function postgresBinaries(): string;
