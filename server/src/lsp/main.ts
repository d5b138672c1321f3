import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { startServer } from './server';

/** Entry of the language server: `--stdio`, or Node IPC when VS Code starts it. */
const connection = createConnection(ProposedFeatures.all);

// A fault in one request must not take the server down; what is thrown outside a request is logged and survived.
process.on('uncaughtException', (error) => connection.console.error(`Unexpected: ${error.stack ?? error.message}`));
process.on('unhandledRejection', (reason) => connection.console.error(`Unexpected: ${reason instanceof Error ? reason.stack : String(reason)}`));

startServer(connection);
connection.listen();
