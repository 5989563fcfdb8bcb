"""The one table of reference: corrections of the calendar."""

from django.db import models


class CalendarOverride(models.Model):
    """A day on which the calendar differs from what the package says: a swap, a storm, a decree of last week."""

    day = models.DateField(primary_key=True)
    is_working = models.BooleanField()
    note = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(name="reference_override_says_why", condition=~models.Q(note="") & ~models.Q(source="")),
        ]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}: {self.note}"
