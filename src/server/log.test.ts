import { expect, test } from 'vitest';
import { createLog } from './log.ts';
import { errorFields } from '#domain/failures';
import { PlumbError } from '#domain/errors';

function lines(dev: boolean, write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  write(createLog({ dev, logLevel: 'info' }, { write: (line) => (text += line) }));
  return text;
}

test('a line is constant text and fields', () => {
  const [line = ''] = lines(false, (log) => log.info({ sync: 'laptop' }, 'sync status')).split('\n');
  expect(JSON.parse(line)).toMatchObject({ level: 30, sync: 'laptop', msg: 'sync status' });
  expect(lines(true, (log) => log.warn({ sync: 'laptop', agree: 3 }, 'sync status'))).toMatch(
    /^\d\d:\d\d:\d\d warning sync status {2}sync=laptop agree=3\n$/,
  );
  expect(lines(false, (log) => log.debug('not asked for'))).toBe('');
});

test('the text of a foreign error, which may quote a value, is not logged', () => {
  const foreign = new SyntaxError('Unexpected token s3cret');
  const ours = new PlumbError('corrupt', 'a page fails its check', { cause: foreign, hint: 'restore it' });
  const text = lines(false, (log) => log.error(errorFields(ours), 'request failed'));
  expect(text).not.toContain('s3cret');
  expect(JSON.parse(text)).toMatchObject({
    error: 'PlumbError',
    code: 'corrupt',
    message: 'a page fails its check',
    hint: 'restore it',
    cause: { error: 'SyntaxError' },
  });
  expect(errorFields('s3cret')).toEqual({ error: 'string' });
});
