// What names say by themselves, where nothing declares them.

/** Names too common to mean one method of the workspace. */
export const COMMON = /^(get|set|find|load|save|list|create|update|delete|remove|add|insert|query|execute|exec|run|send|fetch|read|write|open|close|init|start|stop|handle|process|call|apply|bind|map|filter|reduce|forEach|each|then|catch|push|pop|log|info|debug|warn|error|emit|on|once|use|test|parse|format|build|render|check|validate|count|first|last|all|one|many|commit|rollback|flush|begin|connect|release|end)(All|One|Many|By|Id|ById|s|_all|_one|_many|_by_id)?$/;
/** Receivers that are other libraries' or other services'. */
export const FOREIGN_RECEIVER = /^(redis|cache|http|https|axios|fetch|s3|sqs|sns|queue|kafka|fs|path|os|console|logger|log|process|Math|JSON|Object|Array|Promise|Date|Number|String|Buffer|crypto|requests|httpx|boto3|json|logging|asyncio|analytics|metrics|tracer|span|stripe|octokit|github|slack)$/i;

/** In Ruby a column is read as a method is called. */
export const COLUMN = /_(?:ids?|at|on|type|name|count|cents|amount|date|url|key|code|status)$/;

/** Two words at least: `findOverdue`, `load_members`. */
export const isDistinctive = (name: string): boolean => /[a-z\d][A-Z]|[a-z\d]_[a-z]/.test(name) && name.length >= 8;

/** `BaseRepository<User>` → `BaseRepository`; `Mixin(Base)` → both; `Base[User, int]` → `Base`. */
export function baseNames(base: string): readonly string[] {
  const words = base.replace(/<[^()]*>|\[[^()]*\]/g, '').match(/[A-Za-z_$][\w$.]*/g);
  return words ?? [];
}
