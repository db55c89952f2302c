// How long a runtime takes to start.
export default 0;
