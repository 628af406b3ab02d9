/**
 * Measures JSON text before it is parsed: its depth and how many values it holds. A parser builds whatever it is told to,
 * so bytes from a hostile host process pass here first. It may count too much in malformed text, never too little.
 */

export interface JsonBounds {
  readonly depth: number;
  readonly nodes: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** @returns the first bound that the text goes over, or undefined when it stays inside both */
export function exceededBound(json: Uint8Array, bounds: JsonBounds): keyof JsonBounds | undefined {
  let depth = 0;
  let nodes = 1;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at + 1);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth++;
        nodes++;
        if (depth > bounds.depth) return 'depth';
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth--;
        break;
      case COMMA:
        nodes++;
        break;
    }
    if (nodes > bounds.nodes) return 'nodes';
  }
  return undefined;
}

function endOfString(json: Uint8Array, from: number): number {
  let at = from;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
