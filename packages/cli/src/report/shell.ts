/** What every page has around its content: one HTML file without scripts and without anything to load. */
import { type Markup, html, markup } from "./html.ts";
import { styles } from "./styles.ts";

export function shell(title: string, content: Markup): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
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
    </html> `.markup;
}
