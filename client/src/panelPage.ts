/** What the page of a panel is made of. */
export interface PageParts {
  readonly title: string;
  /** Element that holds everything. */
  readonly root: 'div' | 'main';
  /** May it draw pictures from its own memory, to make a PNG? */
  readonly pictures?: boolean;
  readonly nonce: string;
  /** Where styles may come from: the webview's own files. */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}

/** The page: no inline code or style, nothing from the network. */
export function renderPage({ title, root, pictures, nonce, cspSource, script, style }: PageParts): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource}${pictures ? '; img-src blob: data:' : ''}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="stylesheet" href="${style}">
</head>
<body>
  <${root} id="app"></${root}>
  <script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
