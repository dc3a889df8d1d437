import { expect, test } from 'vitest';
import { manualName, manualPage } from './man.ts';
import type { Page } from './page.ts';

const page: Page = {
  name: 'plumb sync create',
  brief: 'declare a "sync" \\ or not',
  sections: [
    { title: 'SYNOPSIS', lines: ['plumb sync create [OPTION…] NAME'] },
    { title: 'DESCRIPTION', paragraphs: [".hidden files\nand 'quotes' a-b", '    kept\n    as it is'] },
    { title: 'OPTIONS', rows: [['-e, --environment FOLDER', '.dot first']] },
    { title: 'EXAMPLES', lines: ['plumb  x', ".y → 'z"] },
  ],
};

test('a page as roff: nothing of the text is taken for a request', () => {
  expect(manualName(page)).toBe('plumb-sync-create');
  expect(manualPage(page, '1.2.3')).toBe(
    String.raw`.TH "PLUMB\-SYNC\-CREATE" 1 "" "plumb 1.2.3" "Plumb Manual"
.SH NAME
plumb\-sync\-create \- declare a "sync" \e or not
.SH "SYNOPSIS"
plumb sync create [OPTION...] NAME
.SH "DESCRIPTION"
\&.hidden files
and 'quotes' a\-b
.PP
.nf
    kept
    as it is
.fi
.SH "OPTIONS"
.TP
\fB\-e, \-\-environment FOLDER\fR
\&.dot first
.SH "EXAMPLES"
.nf
plumb  x
\&.y \(-> 'z
.fi
`,
  );
});
