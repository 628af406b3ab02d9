/** Generated pages, as functions from the sources to text. */
import { ERROR_TABLE } from '../src/contracts/index.ts';

export function errorsPage(): string {
  const rows = Object.entries(ERROR_TABLE).map(
    ([code, { category, retryable, httpStatus, exitCode, advice }]) =>
      `| \`${code}\` | ${category} | ${retryable ? 'yes' : 'no'} | ${httpStatus} | ${exitCode} | ${advice} |`,
  );
  return `# Errors

Every failure has one of these codes. The table is generated from \`src/contracts/error-table.ts\` by \`npm run docs\`.
"Retry" says whether trying again can help; the exit code is what \`skein\` ends with.

| code | category | retry | HTTP | exit | what to do |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

export function readmeWithExample(readme: string, example: string): string {
  const block = `<!-- example 01 -->\n\`\`\`ts\n${example.trimEnd()}\n\`\`\`\n<!-- /example 01 -->`;
  return readme.replace(/<!-- example 01 -->[\s\S]*?<!-- \/example 01 -->/, () => block);
}
