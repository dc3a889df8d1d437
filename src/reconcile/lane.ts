/**
 * Why a sync's turn came, most urgent first: the source changed, one change of the source concerned many syncs, the
 * target may have changed, it is time to look again.
 */
export type Lane = 'user' | 'wave' | 'drift' | 'resync';
/** From the most urgent on. */
export const lanes: readonly Lane[] = ['user', 'wave', 'drift', 'resync'];
