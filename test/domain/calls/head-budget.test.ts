import { describe, expect, it } from 'vitest';
import { HeadBudget, HeadShare } from '../../../src/domain/calls/head-budget.js';

const LARGE = 10;
const LONGEST = 60;

/** What happens to the shares of a budget, in order. */
class Story {
  readonly told: string[] = [];
  readonly #budget: HeadBudget;

  constructor(totalBytes = LONGEST) {
    this.#budget = new HeadBudget({ largeBytes: LARGE, headBytes: LONGEST, totalBytes });
  }

  share(name: string): HeadShare {
    return new HeadShare(this.#budget, {
      onWait: () => this.told.push(`${name} waits`),
      onRoom: () => this.told.push(`${name} reads on`),
    });
  }

  /** A share of a request that has become large. */
  large(name: string): HeadShare {
    const share = this.share(name);
    share.grow(LARGE);
    return share;
  }
}

describe('large requests', () => {
  it('wait while others take the memory, and go on in their order', () => {
    const story = new Story();
    const [first] = [story.large('first'), story.large('second'), story.large('third')];
    expect(story.told).toEqual(['second waits', 'third waits']);
    first?.end();
    expect(story.told.slice(2)).toEqual(['second reads on']);
  });

  it('take no more than they need once that is known', () => {
    const story = new Story(LONGEST + 20);
    story.large('first').settle(20);
    story.large('second');
    expect(story.told).toEqual([]);
    story.large('third');
    expect(story.told).toEqual(['third waits']);
  });

  it('ask once, however much they grow', () => {
    const story = new Story();
    const first = story.large('first');
    first.grow(LONGEST);
    first.end();
    story.large('second');
    expect(story.told).toEqual([]);
  });

  it('give back their share once', () => {
    const story = new Story();
    const first = story.large('first');
    first.end();
    first.end();
    story.large('second');
    story.large('third');
    expect(story.told).toEqual(['third waits']);
  });

  it('that leave while they wait stand in nobody’s way', () => {
    const story = new Story();
    const first = story.large('first');
    story.large('second').end();
    story.large('third');
    first.end();
    expect(story.told).toEqual(['second waits', 'third waits', 'third reads on']);
  });
});

it('other requests never wait', () => {
  const story = new Story(0);
  story.share('small').grow(LARGE - 1);
  expect(story.told).toEqual([]);
});
