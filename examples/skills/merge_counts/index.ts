interface Piece {
  name: string;
  lines: number;
  words: number;
  bytes: number;
  columns: number;
  top: [string, number][];
}

export default function mergeCounts({ pieces }: { pieces: Piece[] }): string {
  const files = new Map<string, Piece>();
  const counts = new Map<string, number>();
  for (const piece of pieces) {
    const file = files.get(piece.name) ?? { ...piece, lines: 0, words: 0, bytes: 0 };
    file.lines += piece.lines;
    file.words += piece.words;
    file.bytes += piece.bytes;
    files.set(piece.name, file);
    for (const [word, count] of piece.top) counts.set(word, (counts.get(word) ?? 0) + count);
  }
  const rows = [...files.values()].map(
    (f) => `| ${f.name} | ${f.lines} | ${f.words} | ${f.bytes} | ${f.columns || ''} |`,
  );
  const top = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 10);
  return [
    '# Report',
    '',
    `${files.size} ${files.size === 1 ? 'file' : 'files'} in ${pieces.length} ${pieces.length === 1 ? 'piece' : 'pieces'}.`,
    '',
    '| file | lines | words | bytes | CSV columns |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Most frequent words of the pieces: ${top.map(([word, count]) => `${word} (${count})`).join(', ')}.`,
    '',
  ].join('\n');
}
