/** What the page of the panel is made of. */
export interface PageParts {
  readonly nonce: string;
  /** Where styles may come from: the webview's own files. */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
}

/** The page: no inline code or style, nothing from the network. Pictures only from its own memory, to make a PNG of a drawing. */
export function renderPage({ nonce, cspSource, script, style }: PageParts): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${cspSource}; img-src blob: data:`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta http-equiv="Content-Security-Policy" content="${policy}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Query Plan</title>
  <link rel="stylesheet" href="${style}">
</head>
<body>
  <div id="app"></div>
  <script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
