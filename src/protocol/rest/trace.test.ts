import { expect, test } from 'vitest';
import { parseTraceParent, traceResponse } from './trace.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentId = '00f067aa0ba902b7';

test.each([`00-${traceId}-${parentId}-01`, `01-${traceId}-${parentId}-01-more`, ` 00-${traceId}-${parentId}-01 `])(
  '%s is part of a trace',
  (header) => {
    const trace = parseTraceParent(header);
    expect(trace).toEqual({ traceId, parentId, flags: '01' });
    expect(trace && traceResponse(trace, 'b7ad6b7169203331')).toBe(`00-${traceId}-b7ad6b7169203331-01`);
  },
);

test.each([
  undefined,
  '',
  `ff-${traceId}-${parentId}-01`,
  `00-${traceId}-${parentId}-01-more`,
  `00-${'0'.repeat(32)}-${parentId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${parentId}-01`,
  `00-${traceId}-${parentId}`,
])('%s is passed over', (header) => {
  expect(parseTraceParent(header)).toBeUndefined();
});
