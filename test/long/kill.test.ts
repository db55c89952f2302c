/** Fifty moments; CAIRN_TEST_LONG makes them so. */
import '../crash/kill.test.ts';
