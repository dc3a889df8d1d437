export function docsPage(_document: unknown): { text: string; headers: Record<string, string> } {
  return { text: '', headers: {} };
}
