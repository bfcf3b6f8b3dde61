/** What every page has around its content: one HTML file without scripts and without anything to load. */
import { type Markup, html, markup, markupText } from "./html.ts";
import { styles } from "./styles.ts";

/** For the browser, what the comment above says: should a text ever slip through unescaped, it cannot run or load. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function shell(title: string, content: Markup): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="unspool" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        <style>
          ${markup(styles)}
        </style>
      </head>
      <body>
        <main>${content}</main>
      </body>
    </html> `;
  return markupText(page);
}
