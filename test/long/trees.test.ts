/** More trees than anybody waits for; CAIRN_TEST_LONG makes them so. */
import '../compat/trees.test.ts';
