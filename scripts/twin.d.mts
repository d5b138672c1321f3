/** Program and assets of the planner twin in one folder. Resolves to the program's path. */
export function buildTwin(folder: string): Promise<string>;
