import { describe, expect, test } from 'vitest';
import { Circuit } from './circuit.ts';
import { FakeClock, SeededRandom } from '#testing/clock';

function start(probe: () => Promise<void>) {
  const clock = new FakeClock();
  const opened: string[] = [];
  const circuit = new Circuit({
    clock,
    random: new SeededRandom(1),
    probe,
    opened: ({ message }) => opened.push(message),
  });
  return { clock, circuit, opened };
}

describe('a circuit', () => {
  test('fails calls at once until a probe gets an answer, and tells who follows', async () => {
    let answers = false;
    const { clock, circuit, opened } = start(() =>
      answers ? Promise.resolve() : Promise.reject(new Error('still down')),
    );
    const recovered: number[] = [];
    circuit.onRecovered(() => recovered.push(clock.monotonic()));
    expect(() => circuit.check()).not.toThrow();
    circuit.failed(new Error('down'));
    circuit.failed(new Error('down again'));
    expect(opened).toEqual(['down']);
    expect(() => circuit.check()).toThrow('down again');
    await clock.advance(600);
    expect(() => circuit.check()).toThrow('still down');
    expect(recovered).toEqual([]);
    answers = true;
    await clock.advance(1200);
    expect(() => circuit.check()).not.toThrow();
    expect(recovered).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  test('probes one at a time, from half a second doubling to half a minute, a fifth more or less', async () => {
    const at: number[] = [];
    const { clock, circuit } = start(() => {
      at.push(clock.monotonic());
      return Promise.reject(new Error('down'));
    });
    circuit.failed(new Error('down'));
    await clock.advance(300_000);
    const gaps = at.map((time, index) => time - (at[index - 1] ?? 0));
    for (const [index, gap] of gaps.entries()) {
      const expected = Math.min(30_000, 500 * 2 ** index);
      expect(gap).toBeGreaterThanOrEqual(expected * 0.8);
      expect(gap).toBeLessThanOrEqual(expected * 1.2);
    }
    expect(new Set(gaps.slice(7)).size).toBeGreaterThan(1);
    expect(gaps.length).toBeGreaterThan(10);
  });

  test('does not probe again while a probe goes on', async () => {
    let probes = 0;
    const { clock, circuit } = start(() => {
      probes += 1;
      return new Promise(() => undefined);
    });
    circuit.failed(new Error('down'));
    await clock.advance(300_000);
    expect(probes).toBe(1);
  });

  test('is silent once it is stopped', async () => {
    let probes = 0;
    const { clock, circuit } = start(() => {
      probes += 1;
      return Promise.resolve();
    });
    circuit.failed(new Error('down'));
    circuit.stop();
    await clock.advance(60_000);
    expect(probes).toBe(0);
  });
});
