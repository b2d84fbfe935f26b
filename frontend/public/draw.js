// Shows the page as it first looks (templates that the build has put into index.html) until its script draws it anew.
(() => {
  const page = location.pathname.replace(/^\/$/, "/market").slice(1);
  const drawn = document.getElementById(`${page}-${document.documentElement.lang}`);
  if (drawn) document.getElementById("root").replaceChildren(drawn.content);
})();
