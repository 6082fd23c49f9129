/** The colours of a pill; its words say the same. */
export type PillTone = 'quiet' | 'good' | 'bad' | 'wait' | 'accent';
