"""What other modules may use of the demo: the invented population."""

from dean06.demo.synth.synthesise import BadSynthesis, SynthReport, synthesise

__all__ = ["BadSynthesis", "SynthReport", "synthesise"]
