/** One changing line on standard error, only on a terminal. */
export interface Progress {
  /** @param of what is counted; files where left out */
  update(what: string, done: number, total: number, of?: string): void;
  done(): void;
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let shown = 0;
  return {
    update(what, done, total, of = 'files') {
      const now = performance.now();
      if (!stream.isTTY || (now - shown < 80 && done < total)) return;
      shown = now;
      stream.write(`\r\u001b[K${what} ${done} of ${total} ${of}`);
    },
    done() {
      if (stream.isTTY && shown > 0) stream.write('\r\u001b[K');
    },
  };
}
