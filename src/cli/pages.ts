import type { Client, EntrySummary } from '@plumbd/client';

/** A whole list, page after page. */
export async function listAll(
  client: Client,
  folder: string,
  recursive: boolean,
): Promise<{
  readonly folder: string;
  readonly folders: readonly string[];
  readonly entries: readonly EntrySummary[];
}> {
  const entries: EntrySummary[] = [];
  const request = { limit: 1000, ...(folder === '' ? {} : { folder }), ...(recursive ? { recursive } : {}) };
  const first = await client.entries.list(request);
  entries.push(...first.entries);
  for (let { cursor } = first; cursor !== undefined; ) {
    const page = await client.entries.list({ ...request, cursor });
    entries.push(...page.entries);
    cursor = page.cursor;
  }
  return { folder, folders: first.folders, entries };
}
