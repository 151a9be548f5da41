// Folds what an operation may refuse under one line, so that what it does is seen at once.
// The answer to a request that was tried is shown as it came, whatever its status.
window.FoldRefusals = ({ React }) => ({
  wrapComponents: {
    responses: (Original) =>
      function Responses(props) {
        const [isOpen, setOpen] = React.useState(false);
        const isRefusal = (_, status) => /^[45][0-9]{2}$/.test(status);
        const refusals = props.responses.filter(isRefusal);
        const shown = isOpen ? props.responses : props.responses.filterNot(isRefusal);
        return React.createElement(
          "div",
          null,
          React.createElement(Original, { ...props, responses: shown }),
          refusals.size > 0 &&
            React.createElement(
              "button",
              { className: "btn fold-refusals", "aria-expanded": isOpen, onClick: () => setOpen(!isOpen) },
              `${isOpen ? "Hide" : "Show"} what may be refused: ${refusals.keySeq().join(", ")}`,
            ),
        );
      },
  },
});
