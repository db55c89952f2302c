/** Every pair of choices beside a real Kopia; CAIRN_TEST_LONG makes them all. */
import '../compat/pairs.test.ts';
