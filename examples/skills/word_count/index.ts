interface Piece {
  name: string;
  bytes?: number;
  text: string;
}

const TOP = 200;

export default function wordCount({ name, bytes = 0, text }: Piece) {
  const counts = new Map<string, number>();
  let words = 0;
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}_]+/gu)) {
    words++;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const top = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, TOP);
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const columns = /\.csv$/i.test(name) ? (text.split('\n', 1)[0] ?? '').split(',').length : 0;
  return { name, lines, words, bytes, columns, top };
}
