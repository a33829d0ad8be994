"""Words that no page may take for its own."""

ATTACK = "</script><script>document.title='pwned'</script><img src=x onerror=alert(1)>{{ 7*7 }}"
URL = "http://127.0.0.1:8000"
