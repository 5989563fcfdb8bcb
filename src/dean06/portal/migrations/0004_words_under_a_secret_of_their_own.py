"""Seal the words of cases under a secret of their own, so that a change of Django's secret key loses none.

Needs the secret key under which they were written; what that does not open any more is left as it is. Cases are few: one pass, no locks
beyond the rows themselves. Back-out: none needed, the words stay readable in both directions only while both secrets are there.
"""

from django.db import migrations

from dean06.portal.sealing import open_sealed, seal_words


def seal_anew(apps, schema_editor):
    cases = apps.get_model("portal", "LookCase").objects.using(schema_editor.connection.alias)
    for case in cases.iterator():
        words, answer = open_sealed(case.words), open_sealed(case.answer) if case.answer else None
        if words is not None:
            case.words = seal_words(words)
        if answer is not None:
            case.answer = seal_words(answer)
        case.save(update_fields=["words", "answer"])


class Migration(migrations.Migration):
    dependencies = [("portal", "0003_look_case")]

    operations = [migrations.RunPython(seal_anew, migrations.RunPython.noop, elidable=True)]
