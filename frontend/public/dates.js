// A worker. The first date format of a browser reads its data from disk: here nobody waits for it, and the page's own is fast then.
Intl.DateTimeFormat();
close();
