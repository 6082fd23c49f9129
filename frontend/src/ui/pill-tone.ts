/** The colours of a pill; its text has the same meaning. */
export type PillTone = 'quiet' | 'good' | 'bad' | 'wait' | 'accent';
