import { describe, expect, test } from 'vitest';
import { attacked, canary } from './attempts.ts';

const { server, send, refusal, refusedInVain, person } = attacked();

const put = (path: string, value: string) =>
  ({ method: 'PUT', url: `/entries/${path}`, body: { value, form: 'expression' } }) as const;
const literals = (folder: string, values: readonly string[]) =>
  server().client.changes.apply({ ops: values.map((value, i) => ({ op: 'put', path: `${folder}/K${i}`, value })) });
const all = (count: number): string => Array.from({ length: count }, (_, i) => `\${K${i}}`).join('');

describe('an expression', () => {
  const unreadable = (message: string): string => `400 invalid: the expression cannot be read; ${message}`;
  test.each([
    ['${', unreadable('this reference is not closed, expected }')],
    ['${}', unreadable('a reference must name an entry')],
    ['${X\\}', unreadable('this reference is not closed, expected }')],
    ['${../X}', unreadable('a name has no /')],
    ['${/}', unreadable('a path must not be empty')],
    ['${/../../sys/X}', unreadable('a segment must not be . or ..')],
    ['${e:X}', unreadable('after the environment and : comes a path that begins with /')],
    ['${a/b/c:/X}', unreadable('before : comes an environment, or a project and an environment')],
    ['${sys/policies:/admin}', '400 invalid: the first segment sys is reserved and holds no entries'],
    [`${canary}\${`, unreadable('this reference is not closed, expected }')],
  ])('%s', async (text, expected) => {
    expect(await refusedInVain(put('r/e/X', text))).toContain(expected);
  });

  test('of a type that is always literal', async () => {
    const attempt = {
      method: 'PUT',
      url: '/entries/r/e/X',
      body: { value: canary, form: 'expression', type: 'bytes' },
    };
    expect(await refusedInVain(attempt)).toContain('400 invalid: a value of type bytes is always literal');
  });

  test('that leads back to itself, at once or through others, or within one change', async () => {
    expect(await refusedInVain(put('r/c/X', '${X}'))).toContain(
      '409 conflict: the references would form a cycle: r/c/X → r/c/X',
    );
    expect(await refusal(put('r/c/A', '${B}'))).toBe('201');
    expect(await refusal(put('r/c/B', '${C}'))).toBe('201');
    expect(await refusedInVain(put('r/c/C', '${A}'))).toContain('r/c/C → r/c/A → r/c/B → r/c/C');
    const ops = [
      { op: 'put', path: 'r/c/P', value: '${Q}', form: 'expression' },
      { op: 'put', path: 'r/c/Q', value: '${P}', form: 'expression' },
    ];
    expect(await refusedInVain({ method: 'POST', url: '/changes', body: { ops } })).toContain('would form a cycle');
  });

  test('that leads back to itself only where it is inherited', async () => {
    const { projects, environments } = server().client;
    await projects.put('ring', {});
    await environments.put('ring/base', {});
    await environments.put('ring/prod', { extends: 'base' });
    expect(await refusal(put('ring/prod/B', '${A}'))).toBe('201');
    expect(await refusedInVain(put('ring/base/A', '${B}'))).toContain('ring/prod/A → ring/prod/B → ring/prod/A');
  });

  test('that names nothing is an error with the whole chain when it is read', async () => {
    expect(await refusal(put('r/m/A', '${B}'))).toBe('201');
    expect(await refusal(put('r/m/B', '${NOT}'))).toBe('201');
    expect(await refusedInVain({ url: '/entries/r/m/A' })).toBe(
      '422 unevaluable: r/m/A → r/m/B → r/m/NOT: there is no such entry',
    );
    expect(await refusedInVain({ url: '/values?folder=r/m' })).toContain('2 of 2 entries of r/m cannot be read');
  });
});

describe('limits', () => {
  test('1,000 references of one expression, not 1,001', async () => {
    await literals(
      'l/w',
      Array.from({ length: 1001 }, () => 'v'),
    );
    expect(await refusal(put('l/w/ALL', all(1000)))).toBe('201');
    expect((await send({ url: '/entries/l/w/ALL' })).json['value']).toBe('v'.repeat(1000));
    expect(await refusedInVain(put('l/w/ALL', all(1001)))).toContain('at most 1000 references, this one has 1001');
  });

  test('1,000 references in a chain, not 1,001', async () => {
    const ops = Array.from({ length: 1002 }, (_, i) =>
      i === 1001
        ? ({ op: 'put', path: `l/c/C${i}`, value: canary } as const)
        : ({ op: 'put', path: `l/c/C${i}`, value: `\${C${i + 1}}`, form: 'expression' } as const),
    );
    await server().client.changes.apply({ ops });
    expect((await send({ url: '/entries/l/c/C1' })).json['value']).toBe(canary);
    expect(await refusedInVain({ url: '/entries/l/c/C0' })).toMatch(
      /^413 too-large: l\/c\/C0 → l\/c\/C1 → .* → l\/c\/C1001: more than 1000 references$/,
    );
  });

  test('a result of 1 MiB, not a byte more', async () => {
    await literals('l/s', [canary.padEnd(524_288, 'x')]);
    await send(put('l/s/AT', '${K0}${K0}'));
    await send(put('l/s/ABOVE', '${K0}${K0}x'));
    expect(String((await send({ url: '/entries/l/s/AT' })).json['value'])).toHaveLength(1_048_576);
    expect(await refusedInVain({ url: '/entries/l/s/ABOVE' })).toBe(
      '413 too-large: l/s/ABOVE: the result has more than 1048576 bytes',
    );
  });

  test('results that grow tenfold at each step end at the first that is too large', async () => {
    await literals('l/x', ['x'.repeat(1000)]);
    for (let i = 1; i <= 9; i += 1) await send(put(`l/x/K${i}`, `\${K${i - 1}}`.repeat(10)));
    expect(await refusedInVain({ url: '/entries/l/x/K9' })).toMatch(
      /^413 too-large: l\/x\/K9 → .*: the result has more/,
    );
  });
});

describe('what may not be read', () => {
  test('is not referred to, here or where the expression is inherited', async () => {
    const { projects, environments } = server().client;
    await projects.put('shop', {});
    await environments.put('shop/base', {});
    await environments.put('shop/prod', { extends: 'base' });
    await literals('shop/prod', [canary]);
    await literals('shop/base', ['plain']);
    const token = await person('allow list, read, write on shop/base/**');
    expect(await refusedInVain({ ...put('shop/base/URL', '${K0}'), token })).toContain('403 forbidden');
    expect(await refusedInVain({ ...put('shop/base/URL', '${prod:/K0}'), token })).toContain('403 forbidden');
  });

  test('is told in one text, whether it is there or not', async () => {
    await literals('hid/e', [canary]);
    await send(put('seen/w/THERE', '${hid/e:/K0}'));
    await send(put('seen/w/ABSENT', '${hid/e:/K9}'));
    const token = await person('allow list, read, write on seen/**');
    const told = async (
      name: string,
      attempt: (name: string) => Parameters<typeof refusedInVain>[0],
    ): Promise<string> =>
      (await refusedInVain({ ...attempt(name), token })).replaceAll(name, 'NAME').replaceAll(/K[09]/g, 'K');
    for (const attempt of [
      (name: string) => ({ url: `/entries/seen/w/${name}` }),
      (name: string) => put(`seen/w/${name}`, `\${hid/e:/K${name === 'THERE' ? 0 : 9}}`),
    ]) {
      expect(await told('THERE', attempt)).toBe(await told('ABSENT', attempt));
    }
    expect(await refusedInVain({ url: '/entries/seen/w/THERE', token })).toBe(
      '422 unevaluable: seen/w/THERE → (an entry that may not be listed): may not be read',
    );
    const why = await Promise.all(['THERE', 'ABSENT'].map((name) => send({ url: `/why/seen/w/${name}`, token })));
    expect(why.map(({ json }) => json['problem'])).toEqual([
      'seen/w/THERE → (an entry that may not be listed): may not be read',
      'seen/w/ABSENT → (an entry that may not be listed): may not be read',
    ]);
  });
});
